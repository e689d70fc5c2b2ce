if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=//\ %s comments=:///,://!,://
" A comment goes on where it is broken and on the next line; text that is no comment is never broken.
setlocal formatoptions-=t formatoptions+=croqjl
" Names have hyphens: `queue-backlog` is one word.
setlocal iskeyword=@,48-57,_,-
" As the formatter lays it out.
setlocal expandtab shiftwidth=2 softtabstop=2
" `import teams.payments` is teams/payments.nth.
setlocal suffixesadd=.nth include=^\\s*import\\>
setlocal includeexpr=substitute(v:fname,'\\.','/','g')

let b:undo_ftplugin = "setlocal commentstring< comments< formatoptions< iskeyword< expandtab< shiftwidth< softtabstop<"
      \ . " suffixesadd< include< includeexpr<"

" What matchit jumps between besides brackets.
if exists("loaded_matchit")
  let b:match_words = '\<if\>:\<else\>'
  let b:match_skip = 's:comment\|string\|query'
  let b:undo_ftplugin .= " | unlet! b:match_words b:match_skip"
endif
