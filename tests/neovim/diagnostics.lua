-- A mistake is shown where it is while it is typed, is mended by a quick fix, and goes. What is not saved in one file counts
-- in another.

local checkout = open("services/checkout.nth")
local client = attached(checkout)
equal(client.config.root_dir, vim.fn.getcwd(), "the project's folder")
local before = lines(checkout)
diagnostics(checkout, 0)

replace(checkout, "= payments", "= paymnts")
local row, column = place(checkout, "paymnts")
local found = diagnostics(checkout, 1)[1]
equal({ found.lnum, found.col, found.end_col }, { row, column, column + #"paymnts" }, "where it is")
equal(found.severity, vim.diagnostic.severity.ERROR)
equal(found.source, "nth")
equal(found.code or found.user_data.lsp.code, "N0102")
assert(found.message:find("paymnts", 1, true), found.message)

-- The first fix is taken, as by a person who presses 1.
vim.ui.select = function(items, _, chosen)
  chosen(items[1], 1)
end
go_to("paymnts")
vim.lsp.buf.code_action()
eventually("the fix", function()
  return vim.deep_equal(lines(checkout), before)
end)
diagnostics(checkout, 0)

-- The team is called something else in a buffer that nobody saved.
local teams = open("teams/payments.nth")
equal(attached(teams).id, client.id, "one server for both")
replace(teams, "team payments {", "team money {")
local elsewhere = diagnostics(checkout, 1)[1]
equal(elsewhere.lnum, (place(checkout, "= payments")))
vim.cmd("undo")
diagnostics(checkout, 0)
