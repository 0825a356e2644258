# Man pages and completions, made by the program itself: cmake -DROLLCALL=… -DOUT=… -P pages.cmake, into OUT/man and so on,
# as they are installed below share/.
cmake_policy(VERSION 3.25)

function(write_output file)
  execute_process(COMMAND ${ROLLCALL} ${ARGN} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${OUT}/${file} "${text}")
endfunction()

write_output(man/man1/rollcall.1 man)
execute_process(COMMAND ${ROLLCALL} help --json OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
string(JSON count LENGTH "${help}" commands)
math(EXPR last "${count} - 1")
foreach(at RANGE ${last})
  string(JSON name GET "${help}" commands ${at} name)
  write_output(man/man1/rollcall-${name}.1 man ${name})
endforeach()
write_output(bash-completion/completions/rollcall completion bash)
write_output(zsh/vendor-completions/_rollcall completion zsh)
write_output(fish/vendor_completions.d/rollcall.fish completion fish)
