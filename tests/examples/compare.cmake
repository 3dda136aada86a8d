# cmake -DPROGRAM=P -DEXPECTED=FILE -P compare.cmake: P must print what FILE holds.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE actual RESULT_VARIABLE status)
file(READ ${EXPECTED} expected)
if(NOT status EQUAL 0 OR NOT actual STREQUAL expected)
    message(FATAL_ERROR "${PROGRAM} gave status ${status} and printed:\n${actual}\ninstead of:\n${expected}")
endif()
