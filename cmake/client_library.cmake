# librollcall: the room `client`, with what it needs of `dns` and `base`, as one shared library that shows nothing but what
# include/rollcall declares. Installed with its headers, a CMake package and a pkg-config file:
#
#   cmake --install build/release --component client --prefix /usr/local
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(rollcall_library SHARED $<TARGET_OBJECTS:rollcall_client>)
add_library(rollcall::client ALIAS rollcall_library)
target_link_libraries(rollcall_library PRIVATE rollcall_client)
target_include_directories(rollcall_library INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(rollcall_library INTERFACE cxx_std_20)
set_target_properties(rollcall_library PROPERTIES OUTPUT_NAME rollcall EXPORT_NAME client LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
# Nobody who links it gets the libraries inside, nor is it bound to those that only the server needs.
set(client_map ${PROJECT_SOURCE_DIR}/cmake/client_library.map)
target_link_options(rollcall_library PRIVATE -Wl,--exclude-libs,ALL -Wl,--as-needed -Wl,--version-script=${client_map})
set_property(TARGET rollcall_library PROPERTY LINK_DEPENDS ${client_map})
if(NOT ROLLCALL_SANITIZE)
  target_link_options(rollcall_library PRIVATE -Wl,--no-undefined)
endif()

install(TARGETS rollcall_library EXPORT rollcall
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client NAMELINK_COMPONENT client)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/rollcall DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT client
  FILES_MATCHING PATTERN "*.h")

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/rollcall)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rollcallConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rollcallConfigVersion.cmake DESTINATION ${package_directory} COMPONENT client)
install(EXPORT rollcall NAMESPACE rollcall:: FILE rollcallConfig.cmake DESTINATION ${package_directory} COMPONENT client)

# The prefix is found from where the file lies, so that the whole may be moved.
set(pkgconfig_directory ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH ROLLCALL_PREFIX_FROM_PC /prefix/${pkgconfig_directory} /prefix)
configure_file(${PROJECT_SOURCE_DIR}/cmake/rollcall.pc.in ${PROJECT_BINARY_DIR}/rollcall.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/rollcall.pc DESTINATION ${pkgconfig_directory} COMPONENT client)
