-- A document is laid out as `nthc fmt` does it, and left alone while it cannot be read.

local function format()
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = 60000 })
  else
    vim.lsp.buf.formatting_sync(nil, 60000)
  end
end

local checkout = open("services/checkout.nth")
attached(checkout)
local tidy = lines(checkout)

format()
equal(lines(checkout), tidy, "it was laid out")

replace(checkout, "  team        = payments", "team=payments")
replace(checkout, "  let deep = 1000", "      let deep   =   1000")
format()
equal(lines(checkout), tidy, "it is again")

replace(checkout, "gate release {", "gate release { {")
local broken = lines(checkout)
format()
equal(lines(checkout), broken, "a text with errors is left alone")
