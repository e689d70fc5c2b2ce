-- What a name means is told at the cursor; what a service becomes stands beside it, as its text is now; and the standard
-- library can be read.

local checkout = open("services/checkout.nth")
attached(checkout)
diagnostics(checkout, 0)

go_to("99.8%")
vim.lsp.buf.hover()
local told = eventually("a window at the cursor", function()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      return table.concat(lines(vim.api.nvim_win_get_buf(window)), "\n")
    end
  end
end)
assert(told:find("1h26m24s", 1, true), told)
-- It goes when the cursor moves.
vim.cmd("normal! j")
for _, window in ipairs(vim.api.nvim_list_wins()) do
  if vim.api.nvim_win_get_config(window).relative ~= "" then
    vim.api.nvim_win_close(window, true)
  end
end

-- The lens above the service leads to the rules that it becomes, in the first of its environments.
go_to("service checkout", 1)
vim.ui.select = function(items, _, chosen)
  chosen(items[1], 1)
end
eventually("code lenses that can be run", function()
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  local here = vim.tbl_filter(function(lens)
    return lens.range.start.line == line
  end, vim.lsp.codelens.get(checkout))
  return #here > 0 and #vim.tbl_filter(function(lens)
    return lens.command ~= nil
  end, here) == #here
end)
vim.lsp.codelens.run()
eventually("the rules", function()
  local name = "nth-generated:///shop/production/prometheus/checkout.yaml"
  return vim.api.nvim_buf_get_name(0) == name and vim.bo.filetype == "yaml"
end)
equal(vim.bo.modifiable, false)

-- They follow what is typed.
local rules = vim.api.nvim_get_current_buf()
local function has(text)
  return table.concat(lines(rules), "\n"):find(text, 1, true)
end
assert(has("0.002"), table.concat(lines(rules), "\n"))
replace(checkout, "99.8%", "99.7%")
eventually("the new budget", function()
  return has("0.003")
end)

-- The standard library's modules have no files.
vim.cmd("wincmd p")
vim.cmd("buffer " .. checkout)
go_to("redis(")
vim.lsp.buf.definition()
eventually("the library", function()
  return vim.api.nvim_buf_get_name(0) == "nth-std:///std/redis.nth" and vim.bo.filetype == "nth"
end)
equal(vim.bo.readonly, true)
assert(vim.api.nvim_get_current_line():find("template dependency redis", 1, true), vim.api.nvim_get_current_line())

-- And from there one goes on.
attached(0)
go_to("template dependency redis", #"template ")
vim.lsp.buf.definition()
eventually("the prelude", function()
  return vim.api.nvim_buf_get_name(0) == "nth-std:///std/prelude.nth" and vim.bo.filetype == "nth"
end)
assert(vim.api.nvim_get_current_line():find("kind dependency", 1, true), vim.api.nvim_get_current_line())
