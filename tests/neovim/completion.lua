-- What can be typed is offered while one types, by the editor's own omni-completion, and what is chosen is put in.

vim.o.completeopt = "menuone,noselect"
vim.o.showmode = false

local checkout = open("services/checkout.nth")
attached(checkout)
diagnostics(checkout, 0)

-- What is offered, by its words.
local function offered(wanted)
  return function()
    for _, item in ipairs(vim.fn.complete_info({ "items" }).items) do
      if item.word == wanted or item.abbr == wanted then
        return item
      end
    end
  end
end

-- Presses keys below a line, asks for what may follow, and chooses an offer.
local function complete(below, keys, wanted)
  vim.cmd("buffer " .. checkout)
  go_to(below)
  press("o" .. keys .. "<C-x><C-o>", wanted, offered(wanted))
  local items = vim.fn.complete_info({ "items" }).items
  for place, item in ipairs(items) do
    if item.word == wanted or item.abbr == wanted then
      press(("<C-n>"):rep(place) .. "<C-y>", "the choice", function()
        return vim.fn.pumvisible() == 0
      end)
      break
    end
  end
  press("<Esc>", "the end of typing", function()
    return vim.api.nvim_get_mode().mode == "n"
  end)
  local line = vim.trim(vim.api.nvim_get_current_line())
  vim.cmd("silent undo")
  return line
end

-- The teams of the project, those of the tiers and of the platform, and fields that are still missing.
equal(complete("team        = payments", "tier = ex", "experiment"), "tier = experiment")
equal(complete("alert queue-backlog {", "annot", "annotations"):sub(1, 11), "annotations")
-- In a query, what Prometheus knows.
equal(complete("alert queue-backlog {", "when = `histogram_q", "histogram_quantile"):sub(1, 26), "when = `histogram_quantile")
equal(complete("alert queue-backlog {", "when = `sum(settlements_tot", "settlements_total"), "when = `sum(settlements_total")
equal(complete("alert queue-backlog {", "severity = p", "page"), "severity = page")
