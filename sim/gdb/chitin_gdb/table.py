"""Tables: one line an item, numbers to the right."""


def show(head, rows):
    """Prints `head` (names) and `rows` (as many values each)."""
    texts = [[str(value) for value in row] for row in rows]
    widths = [max([len(name)] + [len(row[i]) for row in texts]) for i, name in enumerate(head)]
    right = [bool(rows) and all(isinstance(row[i], int) for row in rows)
             for i in range(len(head))]
    for row in [list(head)] + texts:
        cells = [text.rjust(width) if to_right else text.ljust(width)
                 for text, width, to_right in zip(row, widths, right)]
        print("  ".join(cells).rstrip())


def hexadecimal(number):
    return f"{number:#x}"
