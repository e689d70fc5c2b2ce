-- What may be set, with `require("nth").setup({ … })`, and what holds where nothing is.

local M = {}

local defaults = {
  -- The command that starts the server, a list. Where absent, `nth-lsp` from the PATH, or else `nthc lsp`.
  cmd = nil,
  -- Whether the server starts by itself when a `.nth` file is opened.
  autostart = true,
  -- Whether code lenses are shown: what a service becomes, above it.
  code_lens = true,
  -- The address of the folder with the pages of the diagnostics' codes; the server's own pages where absent.
  diagnostic_pages = nil,
  -- Which inlay hints the server gives, `{ budget = false }`; all of them where absent. Neovim shows them since 0.10, once
  -- `vim.lsp.inlay_hint.enable()` was called.
  inlay_hints = nil,
  -- What the client can do, as completion plugins extend it; Neovim's own where absent.
  capabilities = nil,
  -- Called with the client and the buffer when a buffer is attached: the place for mappings.
  on_attach = nil,
}

local options = defaults

--- Sets options; those that are not named keep their defaults.
function M.set(wanted)
  options = vim.tbl_extend("force", defaults, wanted or {})
end

--- The options that hold.
function M.get()
  return options
end

--- The command that starts the server, and whether it can be run.
function M.command()
  if options.cmd then
    return options.cmd, vim.fn.executable(options.cmd[1]) == 1
  end
  if vim.fn.executable("nth-lsp") == 1 then
    return { "nth-lsp" }, true
  end
  if vim.fn.executable("nthc") == 1 then
    return { "nthc", "lsp" }, true
  end
  return { "nth-lsp" }, false
end

return M
