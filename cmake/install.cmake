# What `cmake --install` lays down beside the client library (cmake/client_library.cmake) and the command line
# (tools/rollcall): the server, its module for clusters, settings, zone, unit, pages. packaging/debian takes its packages from it.
install(TARGETS rollcalld RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT server)
# Found from where the program lies (src/cluster/engine_module.cc), so that the whole may be moved.
if(TARGET rollcall_etcd)
  install(TARGETS rollcall_etcd LIBRARY DESTINATION lib/rollcall COMPONENT etcd)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/templates DESTINATION ${CMAKE_INSTALL_DATADIR}/rollcall COMPONENT command)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/packaging/upgrade DESTINATION libexec/rollcall COMPONENT server)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/rollcall.sysusers DESTINATION lib/sysusers.d RENAME rollcall.conf COMPONENT server)
# Alert rules of Prometheus and a dashboard of Grafana (docs/operations.md).
install(FILES ${PROJECT_SOURCE_DIR}/packaging/prometheus/rollcall.rules.yml
  DESTINATION ${CMAKE_INSTALL_DATADIR}/rollcall/prometheus COMPONENT server)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/grafana/rollcall.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/rollcall/grafana COMPONENT server)
install(FILES ${PROJECT_SOURCE_DIR}/docs/rollcall.toml DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/rollcalld/examples COMPONENT server)

# Man pages and completions of the server come from its --help and docs/settings.md.
set(server_pages ${CMAKE_BINARY_DIR}/share-rollcalld)
set(settings_text ${PROJECT_SOURCE_DIR}/docs/settings.md)
set(pages_program ${PROJECT_SOURCE_DIR}/packaging/pages.py)
add_custom_command(OUTPUT ${server_pages}/man/man8/rollcalld.8
  COMMAND /usr/bin/python3 -B ${pages_program} $<TARGET_FILE:rollcalld> ${settings_text} ${server_pages}
  DEPENDS rollcalld ${pages_program} ${settings_text} VERBATIM)
add_custom_target(rollcalld_pages ALL DEPENDS ${server_pages}/man/man8/rollcalld.8)
install(DIRECTORY ${server_pages}/ DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT server)

# Settings and zone are the administrator's: one that is there stays. Below /usr and /usr/local they are in /etc, where the unit
# looks for them. The unit names the program where it is installed.
set(ROLLCALL_PACKAGING ${PROJECT_SOURCE_DIR}/packaging)
set(ROLLCALL_ZONE ${PROJECT_SOURCE_DIR}/zones/svc.internal.zone)
configure_file(${PROJECT_SOURCE_DIR}/cmake/install_settings.cmake.in ${PROJECT_BINARY_DIR}/install_settings.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/install_settings.cmake COMPONENT server)
