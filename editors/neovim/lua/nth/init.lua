-- What a configuration calls: `require("nth").setup({ … })`. Without it everything has its default.

local M = {}

--- Sets options; `:help nth-options` lists them.
function M.setup(options)
  require("nth.config").set(options)
end

--- Starts the server for a buffer, or attaches the one that runs to it.
function M.start(buffer)
  return require("nth.client").start(buffer)
end

--- Stops the server and starts it again.
function M.restart()
  require("nth.client").restart()
end

return M
