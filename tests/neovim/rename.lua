-- A template gets another name in all files that use it, and its old one back; a name that is taken is refused.

local indicators = open("lib/indicators.nth")
attached(indicators)
local checkout = open("services/checkout.nth")
attached(checkout)
diagnostics(checkout, 0)
local before = { lines(indicators), lines(checkout) }

local function both()
  return { lines(indicators), lines(checkout) }
end

local function renamed(name)
  return vim.tbl_map(function(text)
    return vim.split((table.concat(text, "\n"):gsub("settled", name)), "\n")
  end, before)
end

vim.cmd("buffer " .. indicators)
go_to("template slo settled", #"template slo ")
vim.lsp.buf.rename("concluded")
eventually("the new name", function()
  return vim.deep_equal(both(), renamed("concluded"))
end)
vim.cmd("silent wall")
diagnostics(checkout, 0)
diagnostics(indicators, 0)
equal(vim.fn.systemlist("grep -rl settled\\\\b --include=*.nth ."), {}, "no file has the old name")

-- From a use, this time.
vim.cmd("buffer " .. checkout)
go_to("indicators.concluded", #"indicators.")
vim.lsp.buf.rename("settled")
eventually("the old name", function()
  return vim.deep_equal(both(), before)
end)

-- Changes of a buffer are sent after a while, or with its next request.
for _, buffer in ipairs({ checkout, indicators }) do
  local document = { textDocument = vim.lsp.util.make_text_document_params(buffer) }
  vim.lsp.buf_request_sync(buffer, "textDocument/documentSymbol", document, 10000)
end
vim.v.errmsg = ""
vim.cmd("messages clear")
go_to("indicators.settled", #"indicators.")
vim.lsp.buf.rename("reachable")
eventually("a refusal", function()
  return vim.fn.execute("messages"):find("with that name", 1, true)
end)
equal(both(), before, "nothing was renamed")
