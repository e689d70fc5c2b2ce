" .nth, with PromQL in backticks.
if exists("b:current_syntax")
  finish
endif

syn iskeyword @,48-57,_,-
syn match nthName /\<\a[A-Za-z0-9_-]*\>/ contained
" A kind and the name of its block; what follows `=` is none.
syn match nthKind /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s\+\%([A-Za-z_][A-Za-z0-9_-]*\|"[^"]*"\)\s*[:{]/ nextgroup=nthName skipwhite
syn match nthKind /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s\+:\|\<[A-Za-z_][A-Za-z0-9_-]*\ze\s*{/
syn keyword nthKeyword import as extend kind enum function template let rule
syn keyword nthControl for in where if else without require
syn keyword nthOperator and or not
syn keyword nthModifier one
syn keyword nthBoolean true false
syn keyword nthIt it
syn match nthField /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s*=\%(=\)\@!/
syn match nthField /\<[A-Za-z_][A-Za-z0-9_-]*\ze:/
syn match nthNumber /\<\d\+\%(\.\d\+\)\?\%(%\|\/[smh]\>\|[A-Za-z]*\>\)/
syn match nthNumber /\<\d\+\%(ms\|[smhdw]\)\%(\d\+\%(ms\|[smhdw]\)\)*\>/
syn match nthTime /\<\%(mon\|tue\|wed\|thu\|fri\|sat\|sun\) \+\d\d\?:\d\d\?\>/

syn match nthEscape /\\\%(u{\x\+}\|.\)/ contained
syn region nthHole matchgroup=nthDelimiter start=/\${/ end=/}/ contained contains=nthString,nthNumber,nthOperator,nthBoolean
syn region nthString start=/"/ skip=/\\./ end=/"/ oneline contains=nthEscape,nthHole
syn region nthString start=/"""/ end=/"""/ contains=nthEscape,nthHole

syn region nthQuery matchgroup=nthDelimiter start=/`/ end=/`/ contains=nthHole,@nthPromql
syn cluster nthPromql contains=promqlString,promqlWord,promqlFunction,promqlNumber,promqlWindow,promqlComment
syn region promqlString start=/"/ skip=/\\./ end=/"/ oneline contained contains=nthHole
syn region promqlString start=/'/ skip=/\\./ end=/'/ oneline contained contains=nthHole
syn match promqlFunction /\<[A-Za-z_][A-Za-z0-9_]*\ze\s*(/ contained
syn match promqlWord /\<\%(by\|without\|on\|ignoring\|group_left\|group_right\|bool\|offset\|and\|or\|unless\|atan2\)\>/ contained
syn match promqlNumber /\<\d[0-9.]*\%(ms\|[smhdwy]\)\?\>/ contained
syn match promqlWindow /\$window\>/ contained
syn match promqlComment /#.*$/ contained

syn match nthComment /\/\/.*$/ contains=@Spell
syn match nthDoc /\/\/\/\%(\/\)\@!.*$/ contains=@Spell
syn match nthDoc /\/\/!.*$/ contains=@Spell

hi def link nthKind Type
hi def link nthName Identifier
hi def link nthKeyword Keyword
hi def link nthControl Statement
hi def link nthOperator Operator
hi def link nthModifier StorageClass
hi def link nthBoolean Boolean
hi def link nthIt Special
hi def link nthField Identifier
hi def link nthNumber Number
hi def link nthTime Constant
hi def link nthString String
hi def link nthEscape SpecialChar
hi def link nthDelimiter Delimiter
hi def link nthQuery String
hi def link promqlString String
hi def link promqlWord Operator
hi def link promqlFunction Function
hi def link promqlNumber Number
hi def link promqlWindow Special
hi def link promqlComment Comment
hi def link nthComment Comment
hi def link nthDoc SpecialComment

let b:current_syntax = "nth"
