" .nth, with PromQL in backticks.
if exists("b:current_syntax")
  finish
endif

syn case match
syn spell notoplevel
syn iskeyword @,48-57,_,-

" Where braces fold. What is in them is highlighted as it is outside.
syn region nthBraces matchgroup=nthDelimiter start=/{/ end=/}/ transparent fold

" A kind and the name of its block: `service checkout {`, `slo latency : http.latency`, `runbook {`.
syn match nthKind /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s\+\%([A-Za-z_][A-Za-z0-9_-]*\|"\%([^"\\]\|\\.\)*"\)\s*\%([:{]\|$\)/ nextgroup=nthName,nthQuotedName skipwhite
syn match nthKind /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s\+:/ nextgroup=nthBase skipwhite
syn match nthKind /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s*{/
syn match nthName /[A-Za-z_][A-Za-z0-9_-]*/ contained nextgroup=nthBase,nthParameters skipwhite
syn region nthQuotedName start=/"/ skip=/\\./ end=/"/ oneline contained contains=nthEscape,nthHole nextgroup=nthBase skipwhite
syn match nthBase /:\s*[A-Za-z_][A-Za-z0-9_-]*\%(\.[A-Za-z_][A-Za-z0-9_-]*\)*/ contained contains=nthColon
syn match nthColon /:/ contained

" A field, an argument, a label: what is in front of `=` or of `:`.
syn match nthField /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s*=\%(=\)\@!/
syn match nthField /\<[A-Za-z_][A-Za-z0-9_-]*\ze:/ nextgroup=nthTypeOf
" The type of a field or a parameter where it is declared; a value begins with a lower-case name only where it is one.
syn match nthTypeOf /:\s*/ contained nextgroup=nthType,nthModifier
syn keyword nthType contained bool number percent duration size rate string text markdown url email
syn keyword nthType contained time-of-week time-of-day time-zone label-name date list labels matchers annotations
syn keyword nthType contained selector vector windowed condition gate-condition
syn match nthCall /\<[A-Za-z_][A-Za-z0-9_-]*\ze(/

" Words that are keywords where no `=` follows: `for = 10m` sets a field.
syn match nthImport /\<import\>\%(\s*=\%(=\)\@!\)\@!/ nextgroup=nthModule skipwhite
syn match nthModule /[A-Za-z_][A-Za-z0-9_-]*\%(\.[A-Za-z_][A-Za-z0-9_-]*\)*/ contained nextgroup=nthImported
syn region nthImported matchgroup=nthDelimiter start=/\.{/ end=/}/ contained contains=nthImportedName,nthComment
syn match nthImportedName /[A-Za-z_][A-Za-z0-9_-]*/ contained
syn match nthImport /\<as\>\ze\s\+[A-Za-z_]/ nextgroup=nthModule skipwhite
syn match nthKeyword /\<\%(extend\|kind\|enum\|function\|rule\|let\)\>\%(\s*=\%(=\)\@!\)\@!/ nextgroup=nthName,nthQuotedName,nthKeyword skipwhite
syn match nthKeyword /\<template\>\%(\s*=\%(=\)\@!\)\@!/ nextgroup=nthTemplateKind skipwhite
syn match nthTemplateKind /[A-Za-z_][A-Za-z0-9_-]*/ contained nextgroup=nthName,nthQuotedName skipwhite
syn match nthControl /\<\%(for\|where\|if\|else\|require\)\>\%(\s*=\%(=\)\@!\)\@!/
syn match nthControl /\<in\>\%(\s*=\%(=\)\@!\)\@!/
" `in staging { … }`
syn match nthControl /\<in\>\ze\s\+\%([A-Za-z_][A-Za-z0-9_-]*\|"[^"]*"\)\s*{/ nextgroup=nthName,nthQuotedName skipwhite
syn match nthControl /\<without\>\%(\s*=\%(=\)\@!\)\@!/ nextgroup=nthWithoutKind skipwhite
syn match nthWithoutKind /[A-Za-z_][A-Za-z0-9_-]*/ contained nextgroup=nthName,nthQuotedName skipwhite
syn match nthOperator /\<\%(and\|or\|not\)\>\%(\s*=\%(=\)\@!\)\@!/
syn match nthOperator /=\~\|!\~\|==\|!=\|<=\|>=\|->\|[<>+*?|]\|=/
syn match nthOperator /\%(^\|\s\)\@1<=-\ze\%(\s\|[0-9A-Za-z_(]\)/
syn match nthOperator /\s\@1<=\/\ze\s/
syn match nthModifier /\<one\>\ze\s\+[A-Za-z_]/
syn keyword nthBoolean true false
syn keyword nthIt it

" A number with its unit, and times.
syn match nthNumber /\<\d\+\%(\.\d\+\)\?\%(%\|\/[smh]\>\|[A-Za-z]\+\>\)\?/
syn match nthNumber /\<\d\+\%(ms\|[smhdwy]\)\%(\d\+\%(ms\|[smhdwy]\)\)*\>/
syn match nthTime /\<\%(\%(mon\|tue\|wed\|thu\|fri\|sat\|sun\) \+\)\?\d\d\?:\d\d\?\>/

" Text. A hole holds an expression, with braces and text of its own.
syn match nthEscape /\\\%(u{\x\+}\|["\\nt$]\)/ contained
syn match nthBadEscape /\\\%(u{\x\+}\|["\\nt$]\)\@!./ contained
syn cluster nthExpression contains=nthString,nthQuery,nthNumber,nthTime,nthOperator,nthBoolean,nthControl,nthCall,nthField,nthHoleBraces
syn region nthHole matchgroup=nthSpecial start=/\${/ end=/}/ contained contains=@nthExpression
syn region nthHoleBraces start=/{/ end=/}/ contained transparent contains=@nthExpression
syn region nthString start=/"/ skip=/\\./ end=/"/ oneline contains=nthEscape,nthBadEscape,nthHole,@Spell
syn region nthText start=/"""/ skip=/\\./ end=/"""/ contains=nthEscape,nthHole,@Spell fold

" PromQL.
syn region nthQuery matchgroup=nthQuote start=/`/ end=/`/ contains=nthHole,@promql fold
syn cluster promql contains=promqlMetric,promqlString,promqlMatchers,promqlWord,promqlFunction,promqlAggregation,promqlNumber,promqlWindow,promqlOperator,promqlComment
syn match promqlMetric /[A-Za-z_:][A-Za-z0-9_:]*/ contained
syn match promqlFunction /[A-Za-z_][A-Za-z0-9_]*\ze\s*(/ contained
syn match promqlAggregation /\c\<\%(sum\|avg\|count_values\|count\|min\|max\|group\|stddev\|stdvar\|topk\|bottomk\|quantile\|limitk\|limit_ratio\)\>\ze\s*\%((\|by\>\|without\>\)/ contained
syn match promqlWord /\c\%([A-Za-z0-9_:]\)\@1<!\%(by\|without\|on\|ignoring\|group_left\|group_right\|bool\|offset\|and\|or\|unless\|atan2\)\%([A-Za-z0-9_:]\)\@!/ contained
syn region promqlMatchers matchgroup=nthDelimiter start=/{/ end=/}\|`\@=/ contained contains=promqlLabel,promqlString,nthHole,promqlMatcher
syn match promqlLabel /[A-Za-z_][A-Za-z0-9_]*/ contained
syn match promqlMatcher /=\~\|!\~\|!=\|=/ contained
syn match promqlNumber /\%([A-Za-z0-9_:.]\)\@1<!\%(0[xX]\x\+\|\d\+\%(\.\d*\)\?\%([eE][+-]\?\d\+\)\?\|\.\d\+\)\%([A-Za-z0-9_]\)\@!/ contained
syn match promqlNumber /\%([A-Za-z0-9_:.]\)\@1<!\%(\d\+\%(ms\|[smhdwy]\)\)\+\%([A-Za-z0-9_]\)\@!/ contained
syn match promqlNumber /\c\%([A-Za-z0-9_:]\)\@1<!\%(inf\|nan\)\%([A-Za-z0-9_:]\)\@!/ contained
syn match promqlOperator /==\|!=\|<=\|>=\|[-+*\/%^<>@]/ contained
syn match promqlWindow /\$window\>/ contained
syn match promqlComment /#[^`]*/ contained contains=@Spell
syn region promqlString start=/"/ skip=/\\./ end=/"\|`\@=/ oneline contained contains=nthHole
syn region promqlString start=/'/ skip=/\\./ end=/'\|`\@=/ oneline contained contains=nthHole

syn keyword nthTodo TODO FIXME XXX contained
syn match nthComment /\/\/.*$/ contains=nthTodo,nthAllow,@Spell
syn match nthAllow /\%(\/\/\s*\)\@<=nth: allow([^)]*)/ contained
syn match nthDoc /\/\/\/\%(\/\)\@!.*$/ contains=nthTodo,@Spell
syn match nthDoc /\/\/!.*$/ contains=nthTodo,@Spell

syn sync fromstart

hi def link nthKind Type
hi def link nthTemplateKind Type
hi def link nthWithoutKind Type
hi def link nthName Structure
hi def link nthQuotedName String
hi def link nthBase Typedef
hi def link nthColon Delimiter
hi def link nthImport Include
hi def link nthModule PreProc
hi def link nthImportedName Identifier
hi def link nthKeyword Keyword
hi def link nthControl Statement
hi def link nthOperator Operator
hi def link nthModifier StorageClass
hi def link nthType Type
hi def link nthBoolean Boolean
hi def link nthIt Special
hi def link nthField Identifier
hi def link nthCall Function
hi def link nthNumber Number
hi def link nthTime Constant
hi def link nthString String
hi def link nthText String
hi def link nthEscape SpecialChar
hi def link nthBadEscape Error
hi def link nthSpecial Special
hi def link nthDelimiter Delimiter
hi def link nthQuote Delimiter
hi def link promqlString String
hi def link promqlLabel Identifier
hi def link promqlMatcher Operator
hi def link promqlWord Keyword
hi def link promqlOperator Operator
hi def link promqlAggregation Function
hi def link promqlFunction Function
hi def link promqlNumber Number
hi def link promqlWindow Special
hi def link promqlComment Comment
hi def link nthTodo Todo
hi def link nthAllow SpecialComment
hi def link nthComment Comment
hi def link nthDoc SpecialComment

let b:current_syntax = "nth"
