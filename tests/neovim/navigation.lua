-- From a name to what it means, in another file; to everything that uses it; and to what a file holds.

local checkout = open("services/checkout.nth")
attached(checkout)
diagnostics(checkout, 0)

go_to("= payments", 2)
vim.lsp.buf.definition()
eventually("the team", function()
  return current_file() == "teams/payments.nth"
end)
equal(rest_of_line(), "payments {")

-- Where it is used, in files that nobody has opened as well.
vim.lsp.buf.references()
local uses = eventually("its uses", function()
  local list = vim.fn.getqflist()
  return #list > 1 and list
end)
assert(#uses >= 4, vim.inspect(uses))
local files = {}
for _, use in ipairs(uses) do
  files[vim.fn.fnamemodify(vim.api.nvim_buf_get_name(use.bufnr), ":.")] = true
end
for _, wanted in ipairs(vim.fn.systemlist("grep -rl \"team *= payments\" --include=*.nth services")) do
  assert(files[wanted], wanted .. " is missing in " .. vim.inspect(files))
end
vim.cmd("cclose")

vim.cmd("buffer " .. checkout)
go_to("indicators.settled", #"indicators.")
vim.lsp.buf.definition()
eventually("the template", function()
  return current_file() == "lib/indicators.nth"
end)
equal(rest_of_line(), "settled(")

vim.cmd("buffer " .. checkout)
vim.fn.setqflist({})
vim.lsp.buf.document_symbol()
local symbols = eventually("the symbols", function()
  -- Since 0.11 they are in the window's own list.
  local list = vim.fn.extend(vim.fn.getqflist(), vim.fn.getloclist(0))
  return #list > 0 and list
end)
local text = vim.inspect(vim.tbl_map(function(symbol)
  return symbol.text
end, symbols))
for _, wanted in ipairs({ "checkout", "queue-backlog", "settlement", "release" }) do
  assert(text:find(wanted, 1, true), text)
end
