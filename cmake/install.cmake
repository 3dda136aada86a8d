include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/millrace)

# Before 1.0 a minor version may change the API.
write_basic_package_version_file(millrace-config-version.cmake
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

install(DIRECTORY include/millrace DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.[hic]pp")
install(FILES cmake/millrace-config.cmake ${PROJECT_BINARY_DIR}/millrace-config-version.cmake
    DESTINATION ${package_dir})
install(FILES cmake/dependencies.cmake RENAME millrace-dependencies.cmake
    DESTINATION ${package_dir})

install(TARGETS millrace millrace_adapters EXPORT millrace-targets)
install(EXPORT millrace-targets NAMESPACE millrace:: DESTINATION ${package_dir})
foreach(part IN LISTS millrace_parts)
    if(TARGET millrace_${part})
        install(TARGETS millrace_${part} EXPORT millrace-${part}-targets)
        install(EXPORT millrace-${part}-targets NAMESPACE millrace:: DESTINATION ${package_dir})
    endif()
endforeach()
if(MILLRACE_INSTALL_COMPILED)
    install(TARGETS millrace_compiled EXPORT millrace-compiled-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT millrace-compiled-targets NAMESPACE millrace:: DESTINATION ${package_dir})
endif()
