# One set of warnings and sanitizers for every target of the project.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  # A precompiled header is only cached when its timestamps are not part of the key.
  set(ENV{CCACHE_SLOPPINESS} "pch_defines,time_macros,include_file_mtime,include_file_ctime")
endif()

option(ROLLCALL_WERROR "Warnings end the build; packages, which others build with other flags, go without" ON)
add_library(rollcall_options INTERFACE)
target_compile_options(rollcall_options INTERFACE
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor $<$<BOOL:${ROLLCALL_WERROR}>:-Werror> -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside its own <string> and <variant> at -O2 (GCC bugs 105329, 105562).
  target_compile_options(rollcall_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow
    -Wno-stringop-overread -Wno-array-bounds -Winvalid-pch)
else()
  # The stable_sort of GCC 12's library uses what it has itself marked as deprecated.
  target_compile_options(rollcall_options INTERFACE -Wno-deprecated-declarations)
endif()
if(ROLLCALL_SANITIZE)
  list(JOIN ROLLCALL_SANITIZE "," _sanitizers)
  add_compile_options(-fsanitize=${_sanitizers} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${_sanitizers})
  if(ROLLCALL_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has a fence, which ThreadSanitizer does not follow; the mutexes beside it say the same.
    add_compile_options(-Wno-tsan)
  endif()
endif()

# rollcall_together(TARGET): its files are compiled several at a time, which reads the headers they share once. Every file
# still compiles by itself: the presets `debug` and `clang` hold that true, and tools/lint reads the latter's commands.
function(rollcall_together target)
  if(ROLLCALL_TOGETHER)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# rollcall_room(NAME SOURCES... USES...): one room of src/, a static library whose arrows are its USES.
function(rollcall_room name)
  cmake_parse_arguments(ROOM "" "" "USES;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/cluster/etcd/")  # a module of its own (cmake/etcd_module.cmake)
  add_library(rollcall_${name} STATIC ${sources})
  target_include_directories(rollcall_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(rollcall_${name} PUBLIC ${ROOM_USES} PRIVATE rollcall_options ${ROOM_PRIVATE})
endfunction()
