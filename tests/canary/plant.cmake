# Plants a bug: applies a patch to a copy of the one file that it names.
find_program(CHITIN_PATCH patch)

# The file that the patch changes, relative to the sources, and the patch's own name.
function(read_patch patch name_variable target_variable)
  get_filename_component(name ${patch} NAME_WE)
  file(STRINGS ${patch} target REGEX "^\\+\\+\\+ b/")
  string(REPLACE "+++ b/" "" target "${target}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patch})
  set(${name_variable} ${name} PARENT_SCOPE)
  set(${target_variable} ${target} PARENT_SCOPE)
endfunction()

# The copy, in a folder of the patch's name in the present binary folder, into `copy_variable`.
function(plant patch copy_variable)
  read_patch(${patch} name target)
  set(copy ${CMAKE_CURRENT_BINARY_DIR}/${name}/${target})
  get_filename_component(folder ${copy} DIRECTORY)
  add_custom_command(
      OUTPUT ${copy}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
      COMMAND ${CHITIN_PATCH} --quiet --force --fuzz=0 --output=${copy}
              ${PROJECT_SOURCE_DIR}/${target} ${patch}
      DEPENDS ${patch} ${PROJECT_SOURCE_DIR}/${target}
      COMMENT "Planting ${name}")
  set(${copy_variable} ${copy} PARENT_SCOPE)
endfunction()
