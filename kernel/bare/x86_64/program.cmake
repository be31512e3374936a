# Programs for the bare machine: one static ELF each, code and constants only, in
# <build>/image/programs/<name>.elf. The libOS's objects are compiled with the same flags.
#
#   chitin_bare_program(NAME INDEX SOURCES...)      INDEX: 0..47, each its own
#
# links `libos` where that target exists; further libraries by target_link_libraries().
set(CHITIN_BARE_USER_FLAGS -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics
    -fno-stack-protector -fno-pic -fno-pie -fno-asynchronous-unwind-tables -fno-unwind-tables
    -fcf-protection=none -ffunction-sections -fdata-sections
    -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)

add_library(bare_user_flags INTERFACE)
target_compile_options(bare_user_flags INTERFACE ${CHITIN_BARE_USER_FLAGS})

add_library(bare_user STATIC ${CMAKE_CURRENT_LIST_DIR}/user/gate.S
                             ${CMAKE_CURRENT_LIST_DIR}/user/memory.cpp)
target_link_libraries(bare_user PRIVATE bare_user_flags)
target_compile_options(bare_user PRIVATE -O2 -fno-tree-loop-distribute-patterns)

function(chitin_bare_program name index)
  set(target program_${name})
  math(EXPR address "0x400000 + 0x200000 * ${index}" OUTPUT_FORMAT HEXADECIMAL)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE bare_user_flags bare_user)
  if(TARGET libos)
    target_link_libraries(${target} PRIVATE libos)
  endif()
  target_link_options(${target} PRIVATE
    -nostdlib -static -no-pie -Wl,-T,${CMAKE_CURRENT_FUNCTION_LIST_DIR}/program.ld
    -Wl,-e,chitin_program_${name} -Wl,--defsym=program_base=${address}
    -Wl,-z,max-page-size=4096 -Wl,--build-id=none -Wl,--gc-sections)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name}.elf RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/image/programs
    LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/program.ld)
  # Bundles hold programs without names; gdb finds them in <build>/image/symbols (sim/gdb).
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/image/symbols
    COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:${target}> ${CMAKE_BINARY_DIR}/image/symbols
    COMMAND ${CMAKE_STRIP} --strip-all $<TARGET_FILE:${target}>
    VERBATIM)
  # The compiler's own helpers (128-bit division and the like), after everything else.
  target_link_libraries(${target} PRIVATE gcc)
endfunction()
