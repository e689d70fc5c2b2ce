-- `:checkhealth nth`: whether everything is there that the language needs in this editor.

local M = {}

-- The names of these functions have changed twice.
local function reporter()
  local old = vim.health == nil and require("health") or vim.health
  return {
    start = old.start or old.report_start,
    ok = old.ok or old.report_ok,
    info = old.info or old.report_info,
    warn = old.warn or old.report_warn,
    error = old.error or old.report_error,
  }
end

-- The first line that a program writes, or nothing where it fails.
local function first_line(command)
  local ran, lines = pcall(vim.fn.systemlist, command)
  if ran and vim.v.shell_error == 0 and type(lines) == "table" then
    return lines[1]
  end
  return nil
end

function M.check()
  local report = reporter()
  local config = require("nth.config")
  local client = require("nth.client")

  report.start("Neovim")
  if vim.fn.has("nvim-0.7") == 1 then
    local version = vim.version()
    report.ok(("Neovim %d.%d.%d"):format(version.major, version.minor, version.patch))
  else
    report.error("Neovim 0.7 or later is needed")
  end

  report.start("The language server")
  local command, is_there = config.command()
  local written = table.concat(command, " ")
  if is_there then
    local version = first_line({ command[1], "--version" })
    if version then
      report.ok(("`%s`, %s, at %s"):format(written, version, vim.fn.exepath(command[1])))
    else
      report.warn(("`%s` does not tell its version"):format(command[1]))
    end
  else
    report.error(("there is no `%s` on the PATH"):format(command[1]), {
      "Install it with `cargo install`, as docs/editors.md says,",
      'or name it: require("nth").setup({ cmd = { "/path/to/nth-lsp" } })',
    })
  end

  report.start("Clients")
  local running = client.running()
  if #running == 0 then
    report.info("none runs: it starts when a `.nth` file is opened")
  end
  for _, one in ipairs(running) do
    local root = one.config.root_dir or "no project"
    local buffers = #vim.tbl_filter(function(buffer)
      return vim.lsp.buf_is_attached(buffer, one.id)
    end, vim.api.nvim_list_bufs())
    report.ok(("client %d, started for %s, has %d buffers"):format(one.id, root, buffers))
  end
end

return M
