#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct node { struct node *left, *right; int key; char text[24]; };
static struct node *insert(struct node *n, int key) {
    if (!n) { n = calloc(1, sizeof *n); n->key = key; snprintf(n->text, sizeof n->text, "%d", key); return n; }
    if (key < n->key) n->left = insert(n->left, key); else n->right = insert(n->right, key);
    return n;
}
static int walk(const struct node *n, int depth) {
    if (!n) return depth;
    int a = walk(n->left, depth + 1), b = walk(n->right, depth + 1);
    return a > b ? a : b;
}
int main(int argc, char **argv) {
    struct node *root = 0;
    for (int i = 0; i < (argc > 1 ? atoi(argv[1]) : 1000); ++i) root = insert(root, rand());
    printf("%d\n", walk(root, 0));
    return 0;
}
