# The engine over etcd, a module that rollcalld loads where the settings ask for a cluster (src/cluster/engine_module.h). It is
# built where gRPC is installed (`tools/install etcd`); nothing else of the project uses gRPC.
find_package(Protobuf QUIET)
pkg_check_modules(GRPC QUIET IMPORTED_TARGET grpc++)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin)
if(NOT Protobuf_FOUND OR NOT GRPC_FOUND OR NOT GRPC_CPP_PLUGIN)
  return()
endif()

set(etcd_source ${PROJECT_SOURCE_DIR}/src/cluster/etcd)
set(etcd_generated ${CMAKE_BINARY_DIR}/generated/etcd)
file(MAKE_DIRECTORY ${etcd_generated})
add_custom_command(
  OUTPUT ${etcd_generated}/etcd.pb.cc ${etcd_generated}/etcd.pb.h ${etcd_generated}/etcd.grpc.pb.cc ${etcd_generated}/etcd.grpc.pb.h
  COMMAND ${Protobuf_PROTOC_EXECUTABLE} --proto_path=${etcd_source} --cpp_out=${etcd_generated} --grpc_out=${etcd_generated}
    --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} etcd.proto
  DEPENDS ${etcd_source}/etcd.proto VERBATIM)
# What is generated keeps to no warnings of ours.
add_library(rollcall_etcd_messages OBJECT ${etcd_generated}/etcd.pb.cc ${etcd_generated}/etcd.grpc.pb.cc)
target_include_directories(rollcall_etcd_messages SYSTEM PUBLIC ${etcd_generated})
target_link_libraries(rollcall_etcd_messages PUBLIC PkgConfig::GRPC protobuf::libprotobuf-lite)
set_target_properties(rollcall_etcd_messages PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)

file(GLOB etcd_sources CONFIGURE_DEPENDS ${etcd_source}/*.cc)
list(FILTER etcd_sources EXCLUDE REGEX "/module.cc$")
add_library(rollcall_etcd_engine OBJECT ${etcd_sources})
target_include_directories(rollcall_etcd_engine PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(rollcall_etcd_engine PUBLIC rollcall_etcd_messages PRIVATE rollcall_options)
set_target_properties(rollcall_etcd_engine PROPERTIES
  UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8 POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)

add_library(rollcall_etcd MODULE ${etcd_source}/module.cc)
target_link_libraries(rollcall_etcd PRIVATE rollcall_etcd_engine rollcall_etcd_messages rollcall_options)
target_compile_definitions(rollcall_etcd PRIVATE ROLLCALL_ENGINE_VERSION="${ROLLCALL_ENGINE_VERSION}")
set_target_properties(rollcall_etcd PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin CXX_VISIBILITY_PRESET hidden)
target_link_options(rollcall_etcd PRIVATE -Wl,--no-undefined)
