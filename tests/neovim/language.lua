-- What the plugin knows of the language without a server: its options, highlighting, indentation.

require("nth").setup({ autostart = false })

local function group(text, further)
  local row, column = place(0, text)
  local id = vim.fn.synID(row + 1, column + 1 + (further or 0), 1)
  return vim.fn.synIDattr(id, "name")
end

open("services/checkout.nth")
equal(vim.bo.filetype, "nth")
equal(vim.bo.commentstring, "// %s")
equal(vim.bo.shiftwidth, 2)
go_to("queue-backlog")
equal(vim.fn.expand("<cword>"), "queue-backlog", "a name with a hyphen is one word")

for _, case in ipairs({
  { "//! From", "nthDoc" },
  { "/// Takes", "nthDoc" },
  { "// Pushed", "nthComment" },
  { "import lib", "nthImport" },
  { "lib.indicators", "nthModule" },
  { "regulated-online}", "nthImportedName" },
  { "service checkout", "nthKind" },
  { "checkout : ", "nthName" },
  { "regulated-online(", "nthBase" },
  { '"checkout")', "nthString" },
  { "team        =", "nthField" },
  { "deployment_timestamp_seconds", "promqlMetric" },
  { "let deep", "nthKeyword" },
  { "deep = 1000", "nthName" },
  { "1000", "nthNumber" },
  { "99.8%", "nthNumber" },
  { "28d", "nthNumber" },
  { "sum(rate(", "promqlAggregation" },
  { "rate(settlements", "promqlFunction" },
  { "settlements_total[5m]", "promqlMetric" },
  { "5m]", "promqlNumber" },
  { "by (outcome)", "promqlWord" },
  { "checkout_queue_depth", "promqlMetric" },
  { "> ${deep}`", "promqlOperator" },
  { "${deep}`", "nthSpecial" },
  { "for      = 10m", "nthField" },
  { "ticket", "" },
  { "The settlement queue", "nthString" },
  { "Does the ledger answer?", "nthText" },
  { "memory_above: 95%", "nthField" },
  { "deny budget-spent", "nthKind" },
  { "budget-spent {", "nthName" },
  { "budget(availability)", "nthCall" },
  { "fri 16:00", "nthTime" },
  { "or budget_time", "nthOperator" },
  { "in staging", "nthControl" },
  { "staging {", "nthName" },
  { 'section "Settlements', "nthKind" },
  { "true", "nthBoolean" },
}) do
  equal(group(case[1]), case[2], case[1])
end

-- Whole projects, after which nothing is left open: a block that is written below them is highlighted as one.
for _, file in ipairs(vim.fn.globpath("..", "**/*.nth", true, true)) do
  local buffer = open(file)
  vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { "service after-all {" })
  local last = vim.fn.line("$")
  local stack = vim.tbl_map(function(id)
    return vim.fn.synIDattr(id, "name")
  end, vim.fn.synstack(last, 1))
  equal(stack, { "nthKind" }, file)
  vim.cmd("edit!")
end

-- Everything is indented again as the formatter has it.
for _, file in ipairs(vim.fn.globpath("..", "**/*.nth", true, true)) do
  local buffer = open(file)
  local tidy = lines(buffer)
  vim.cmd("silent keepjumps normal! gg=G")
  equal(lines(buffer), tidy, file)
  vim.cmd("edit!")
end

-- A comment goes on, and so do the lines of a block.
local scratch = open("services/new.nth")
local function type_in(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), "tx", false)
end
type_in("i/// Takes mail<CR>to customers.<CR><C-U>service mailer {<CR>team = commerce<CR>// Why<CR>this<CR><C-U>}<Esc>")
equal(lines(scratch), {
  "/// Takes mail",
  "/// to customers.",
  "service mailer {",
  "  team = commerce",
  "  // Why",
  "  // this",
  "}",
})
vim.cmd("edit!")

-- A text and a query of several lines are a person's own layout.
vim.api.nvim_buf_set_lines(scratch, 0, -1, false, {
  "service a {",
  "steps = \"\"\"",
  "      1. Look {",
  "   2. Act.",
  "      \"\"\"",
  "query = `",
  "     sum(",
  "       x)",
  "    `",
  "tier = low",
  "}",
})
vim.cmd("silent keepjumps normal! gg=G")
equal(lines(scratch), {
  "service a {",
  "  steps = \"\"\"",
  "      1. Look {",
  "   2. Act.",
  "      \"\"\"",
  "  query = `",
  "     sum(",
  "       x)",
  "    `",
  "  tier = low",
  "}",
})
