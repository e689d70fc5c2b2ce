-- Neovim 0.11 and later find lsp/nth_lsp.lua by themselves.
if vim.lsp.enable then
  vim.lsp.enable("nth_lsp")
end
