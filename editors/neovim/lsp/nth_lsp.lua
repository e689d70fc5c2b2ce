return {
  cmd = { "nth-lsp" },
  filetypes = { "nth" },
  root_markers = { "nth.toml" },
}
