// The model: a tree of files in plain containers, which does what a FAT volume should.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "libos/fs/error.hpp"

namespace tests::fs_fat {

struct ModelFile;
using ModelPointer = std::shared_ptr<ModelFile>;

/// A name as it is written, and what all its ways of writing have in common.
struct Name {
    std::string text;
    std::string key;
};

struct ModelFile {
    bool directory = false;
    std::string data;
    std::map<std::string, std::pair<std::string, ModelPointer>> children;  // key: text, file
    std::weak_ptr<ModelFile> parent;

    [[nodiscard]] ModelPointer child(const Name& name) const {
        const auto found = children.find(name.key);
        return found == children.end() ? nullptr : found->second.second;
    }
};

/// What rename() answers: 0 is no error, and has been done.
inline std::uint32_t model_rename(const ModelPointer& from, const Name& name,
                                  const ModelPointer& to, const Name& fresh, bool replace) {
    using libos::fs::Error;
    const auto code = [](Error error) { return static_cast<std::uint32_t>(error); };
    const ModelPointer source = from->child(name);
    if (!source) return code(Error::no_entry);
    for (ModelPointer above = to; above; above = above->parent.lock()) {
        if (above == source) return code(Error::invalid);
    }
    const ModelPointer target = to->child(fresh);
    if (target && target != source) {
        if (!replace) return code(Error::exists);
        if (source->directory && !target->directory) return code(Error::not_directory);
        if (!source->directory && target->directory) return code(Error::is_directory);
        if (!target->children.empty()) return code(Error::not_empty);
    }
    from->children.erase(name.key);
    to->children[fresh.key] = {fresh.text, source};
    source->parent = to;
    return 0;
}

}  // namespace tests::fs_fat
