" The names of the syntax groups at a place, from the outside in.
function! s:groups(line, column) abort
  return map(synstack(a:line, a:column), 'synIDattr(v:val, "name")')
endfunction

" Whether a bracket at a place is text, and opens or closes nothing.
function! s:is_text(line, column) abort
  return join(s:groups(a:line, a:column)) =~# 'nthString\|nthText\|nthQuery\|nthComment\|nthDoc'
endfunction

" How many brackets lines leave open that they opened. What they close beyond that is the indent of the first of them.
function! s:opened(first, last) abort
  let open = 0
  for line in range(a:first, a:last)
    let text = getline(line)
    let at = match(text, '[][(){}]')
    while at >= 0
      if !s:is_text(line, at + 1)
        let open = text[at] =~# '[[({]' ? open + 1 : max([open - 1, 0])
      endif
      let at = match(text, '[][(){}]', at + 1)
    endwhile
  endfor
  return open
endfunction

" Whether a text or a query of several lines is open where a line begins.
function! s:begins_inside(line) abort
  if a:line <= 1
    return 0
  endif
  let before = getline(a:line - 1)
  let around = join(s:groups(a:line - 1, max([len(before), 1])))
  if around !~# 'nthText\|nthQuery'
    return 0
  endif
  " What ends with the line before is no longer open.
  let here = join(s:groups(a:line, 1))
  return here ==# '' ? before !~# '\%(`\|"""\)\s*$' : here =~# 'nthText\|nthQuery\|promql'
endfunction

" Whether a line goes on with the condition of the line before.
function! s:goes_on(line) abort
  return getline(a:line) =~# '^\s*\%(and\|or\)\>\%(\s*=\)\@!'
endfunction

" The indent of a line: that of the statement before, one more where it leaves a bracket open, one less where this one begins
" by closing one.
function! nth#indent(line) abort
  let before = prevnonblank(a:line - 1)
  if before == 0
    return 0
  endif
  if s:begins_inside(a:line)
    return -1
  endif
  let first = before
  while first > 1 && (s:begins_inside(first) || s:goes_on(first))
    let first -= 1
  endwhile
  let indent = indent(first) + (s:opened(first, before) > 0 ? shiftwidth() : 0)
  if getline(a:line) =~# '^\s*[])}]'
    let indent -= shiftwidth()
  elseif s:goes_on(a:line)
    let indent += shiftwidth()
  endif
  return max([indent, 0])
endfunction
