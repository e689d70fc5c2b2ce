autocmd BufRead,BufNewFile *.nth setfiletype nth
