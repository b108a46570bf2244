# Read by find_package(flambeau CONFIG). The libraries are those that flambeau::client was built against.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(absl)
find_dependency(Protobuf)
find_dependency(gRPC)
include(${CMAKE_CURRENT_LIST_DIR}/flambeauTargets.cmake)
