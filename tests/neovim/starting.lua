-- One server for all files, of all projects; what is told of its health; and starting it again.

local client = require("nth.client")
local checkout = open("services/checkout.nth")
local platform = open("../platform/services.nth")
local first = attached(checkout)
equal(attached(platform).id, first.id, "one server for two projects")
equal(#client.running(), 1)
equal(client.root("/"), nil, "there is no project above everything")

vim.cmd("checkhealth nth")
local health = table.concat(lines(0), "\n")
for _, wanted in ipairs({ "`nth-lsp`, nth-lsp 0.1.0", "has 2 buffers" }) do
  assert(health:find(wanted, 1, true), health)
end
assert(not health:find("ERROR", 1, true), health)

vim.cmd("NthRestart")
local second = eventually("another client", function()
  local running = client.running()[1]
  return running and running.id ~= first.id and running
end)
eventually("both buffers", function()
  return vim.lsp.buf_is_attached(checkout, second.id) and vim.lsp.buf_is_attached(platform, second.id)
end)
equal(#client.running(), 1)

-- A document of the server that it does not know says so, and is no file.
vim.cmd("edit nth-std:///nothing.nth")
equal(vim.bo.buftype, "nofile")
equal(vim.bo.modifiable, false)
assert(lines(0)[1]:find("There is no such document", 1, true), lines(0)[1])

vim.cmd("NthStop")
eventually("the end", function()
  return #client.running() == 0
end)

-- Without the server the compiler is it; without both, that is said.
local config = require("nth.config")
local folder = vim.fn.tempname()
vim.fn.mkdir(folder, "p")
vim.env.PATH = folder
equal({ config.command() }, { { "nth-lsp" }, false })
local said
vim.notify = function(text)
  said = text
end
equal(client.is_there(), false)
assert(said:find("checkhealth nth", 1, true), said)
vim.fn.writefile({ "#!/bin/sh" }, folder .. "/nthc")
vim.fn.setfperm(folder .. "/nthc", "rwxr-xr-x")
equal({ config.command() }, { { "nthc", "lsp" }, true })
require("nth").setup({ cmd = { "some-other-server" } })
equal({ config.command() }, { { "some-other-server" }, false })
