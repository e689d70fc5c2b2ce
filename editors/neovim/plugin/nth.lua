if vim.g.loaded_nth then
  return
end
vim.g.loaded_nth = true

if vim.fn.has("nvim-0.7") == 0 then
  return
end

local group = vim.api.nvim_create_augroup("nth", {})

if require("nth.config").get().autostart then
  if vim.lsp.enable then
    vim.lsp.enable("nth_lsp")
  else
    vim.api.nvim_create_autocmd("FileType", {
      group = group,
      pattern = { "nth", "toml" },
      desc = "Starts the language server of .nth",
      callback = function(event)
        require("nth.client").start(event.buf)
      end,
    })
    -- Where a plugin manager loads this only once it is needed.
    require("nth.client").start_all()
  end
end

vim.api.nvim_create_autocmd("BufReadCmd", {
  group = group,
  pattern = { "nth-std://*", "nth-generated://*" },
  desc = "Asks the language server for the text of a document that is no file",
  callback = function(event)
    require("nth.documents").read(event.buf)
  end,
})

-- What a code lens runs when it is chosen.
vim.lsp.commands["nth.showGenerated"] = function(command)
  local address = (command.arguments or {})[1]
  if type(address) == "string" then
    require("nth.documents").open(address)
  end
end

vim.api.nvim_create_user_command("NthStart", function()
  require("nth.client").start_all()
end, { desc = "Start the language server of .nth" })

vim.api.nvim_create_user_command("NthStop", function()
  require("nth.client").stop()
end, { desc = "Stop the language server of .nth" })

vim.api.nvim_create_user_command("NthRestart", function()
  require("nth.client").restart()
end, { desc = "Restart the language server of .nth" })

vim.api.nvim_create_user_command("NthLog", function()
  vim.cmd("tabedit " .. vim.fn.fnameescape(vim.lsp.get_log_path()))
end, { desc = "Show what Neovim's clients have logged" })
