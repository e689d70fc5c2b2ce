" Indents by brackets that are open at the end of the line before. What stands in a text or a query of several lines is
" somebody's own layout, and keeps it.
if exists("b:did_indent")
  finish
endif
let b:did_indent = 1

setlocal indentexpr=nth#indent(v:lnum)
setlocal indentkeys=0{,0},0),0],!^F,o,O,e
let b:undo_indent = "setlocal indentexpr< indentkeys<"
