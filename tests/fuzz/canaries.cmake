# Fuzzers of a kernel with a bug, planted by a patch of tests/canary: fuzz_calls must find it from
# an empty corpus. Those that take it seconds are tests; the others are built only when asked for.
# Of a tree of blocks it would take too long: there the kept corpus must show the bug.
include(${PROJECT_SOURCE_DIR}/tests/canary/plant.cmake)
set(canary_tests frame_not_zeroed named_frame_stays_free protect_forgets_tlb)
set(canary_replays pointer_to_unwritten two_owners)

function(fuzz_canary patch)
  read_patch(${patch} name target)
  if(NOT target MATCHES "^kernel/.*\\.cpp$")
    return()
  endif()
  plant(${patch} copy)
  add_library(fuzz_bug_${name} OBJECT EXCLUDE_FROM_ALL ${copy})
  target_compile_options(fuzz_bug_${name} PRIVATE -fsanitize-coverage=trace-pc -Wno-unused)
  target_link_libraries(fuzz_bug_${name} PRIVATE machine_seam kernel_flags)
  add_executable(fuzz_calls_${name} EXCLUDE_FROM_ALL)
  target_link_libraries(fuzz_calls_${name} PRIVATE fuzz_bug_${name} fuzz_main fuzz_kernel fuzz_run
                                                   ${CHITIN_LIBFUZZER})
  if(name IN_LIST canary_tests)
    set_target_properties(fuzz_calls_${name} PROPERTIES EXCLUDE_FROM_ALL FALSE)
    add_test(NAME FuzzCanary.${name} COMMAND sh -c
        "rm -rf found_${name} && mkdir found_${name} && cd found_${name} && exec '$<TARGET_FILE:fuzz_calls_${name}>' -max_total_time=240 -seed=4")
    set_tests_properties(FuzzCanary.${name} PROPERTIES
        PASS_REGULAR_EXPRESSION "fuzz_calls: found" LABELS fuzz TIMEOUT 400)
  elseif(name IN_LIST canary_replays)
    set_target_properties(fuzz_calls_${name} PROPERTIES EXCLUDE_FROM_ALL FALSE)
    add_test(NAME FuzzCanary.${name} COMMAND fuzz_calls_${name} --replay
        ${CMAKE_CURRENT_SOURCE_DIR}/calls.corpus)
    set_tests_properties(FuzzCanary.${name} PROPERTIES
        PASS_REGULAR_EXPRESSION "found: tree" LABELS fuzz TIMEOUT 300)
  endif()
endfunction()

if(CHITIN_PATCH)
  file(GLOB patches CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/canary/*.patch)
  foreach(patch ${patches})
    fuzz_canary(${patch})
  endforeach()
endif()
