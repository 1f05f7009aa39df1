# Installs the library, its headers, the CMake package and joblib.pc.

include(CMakePackageConfigHelpers)

set(joblib_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/joblib)

get_target_property(joblib_type joblib TYPE)
set(joblib_components ${joblib_parts})
list(REMOVE_ITEM joblib_components isal)  # makes no difference to a user
# Who links the static library links what it uses, too; the shared one does that itself.
if(joblib_type STREQUAL STATIC_LIBRARY)
  list(JOIN joblib_modules " " joblib_pc_requires)
  string(PREPEND joblib_pc_requires "zlib liblzma libcrypto ")
  set(joblib_pc_libs "-lbz2")
endif()

install(TARGETS joblib joblib_main EXPORT joblibTargets FILE_SET HEADERS FILE_SET adaptors)
install(TARGETS joblib_worker DESTINATION ${CMAKE_INSTALL_LIBEXECDIR})
install(EXPORT joblibTargets NAMESPACE joblib:: DESTINATION ${joblib_package_dir})
configure_package_config_file(cmake/joblibConfig.cmake.in joblibConfig.cmake INSTALL_DESTINATION ${joblib_package_dir})
write_basic_package_version_file(joblibConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/joblibConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/joblibConfigVersion.cmake
  DESTINATION ${joblib_package_dir}
)

# The prefix is found from the place of the .pc file, so that an installed tree can be moved.
file(RELATIVE_PATH joblib_pc_to_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/joblib.pc.in joblib.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/joblib.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
