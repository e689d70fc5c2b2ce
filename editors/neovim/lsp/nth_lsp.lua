-- What Neovim 0.11 and later read for `vim.lsp.enable("nth_lsp")`. What `vim.lsp.config("nth_lsp", { … })` says comes on top.

local client = require("nth.client")

return vim.tbl_extend("force", client.settings(nil), {
  -- Of TOML, only `nth.toml`.
  filetypes = { "nth", "toml" },
  root_dir = function(buffer, start)
    if (vim.bo[buffer].filetype == "nth" or client.is_manifest(buffer)) and client.is_there() then
      start(client.root(vim.api.nvim_buf_get_name(buffer)))
    end
  end,
  -- One server knows all projects.
  reuse_client = function(running, wanted)
    return running.name == wanted.name and not running:is_stopped()
  end,
})
