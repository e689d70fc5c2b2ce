-- What the scripts of this folder share. The editor reads it instead of somebody's configuration.

vim.opt.runtimepath:prepend(vim.env.NTH_PLUGIN)
vim.cmd("filetype plugin indent on")
vim.cmd("syntax on")

-- The server is built for debugging, and a build server is busy.
local PATIENCE = 90000
-- How long to wait before one looks again.
local STEP = 20

--- Waits until `found` gives something that holds, and gives that. Meanwhile the editor does what it has to: it takes keys, and
--- what the server says.
function eventually(what, found)
  local waited = 0
  while true do
    local answer = found()
    if answer then
      return answer
    end
    if waited > PATIENCE then
      error("waited in vain for " .. what .. "; messages: " .. vim.fn.execute("messages"), 2)
    end
    waited = waited + STEP
    coroutine.yield()
  end
end

--- Presses keys, as they are written in mappings, and waits until `found` gives something that holds.
function press(keys, what, found)
  vim.api.nvim_input(keys)
  return eventually(what, found)
end

--- Fails where two values differ.
function equal(found, wanted, what)
  if type(found) == "table" and type(wanted) == "table" and #found == #wanted then
    for place = 1, #found do
      equal(found[place], wanted[place], (what or "") .. ", " .. place)
    end
  end
  if not vim.deep_equal(found, wanted) then
    local text = ("%s\nfound:  %s\nwanted: %s"):format(what or "", vim.inspect(found), vim.inspect(wanted))
    error(text, 2)
  end
end

--- Opens a file of the project as a person would.
function open(path)
  vim.cmd("edit " .. vim.fn.fnameescape(path))
  return vim.api.nvim_get_current_buf()
end

--- The client of a buffer, once it is attached.
function attached(buffer)
  local client = require("nth.client")
  return eventually("a client", function()
    for _, one in ipairs(client.running()) do
      if vim.lsp.buf_is_attached(buffer, one.id) then
        return one
      end
    end
  end)
end

--- The lines of a buffer.
function lines(buffer)
  return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
end

--- Where a text first stands in a buffer: its row and column, both from 0.
function place(buffer, text)
  for row, line in ipairs(lines(buffer)) do
    local at = line:find(text, 1, true)
    if at then
      return row - 1, at - 1
    end
  end
  error("there is no `" .. text .. "` in " .. vim.api.nvim_buf_get_name(buffer), 2)
end

--- Puts the cursor on the first character of a text, or on one `further` to the right.
function go_to(text, further)
  local row, column = place(0, text)
  vim.api.nvim_win_set_cursor(0, { row + 1, column + (further or 0) })
end

--- Replaces the first place of a text in a buffer, as if it were typed.
function replace(buffer, text, by)
  local row, column = place(buffer, text)
  vim.api.nvim_buf_set_text(buffer, row, column, row, column + #text, vim.split(by, "\n"))
end

--- What is under the cursor and to the right of it.
function rest_of_line()
  local column = vim.api.nvim_win_get_cursor(0)[2]
  return vim.api.nvim_get_current_line():sub(column + 1)
end

--- The current file's name below the folder of the project.
function current_file()
  return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(0), ":.")
end

--- The diagnostics of a buffer, once they are as many as wanted.
function diagnostics(buffer, count)
  return eventually(count .. " diagnostics", function()
    local found = vim.diagnostic.get(buffer)
    return #found == count and found
  end)
end

-- Leaves the editor with the outcome of a script.
local function leave(held, failure)
  if held then
    io.stderr:write("all of it holds\n")
    vim.cmd("qall!")
  else
    io.stderr:write(tostring(failure) .. "\n")
    vim.cmd("cquit 1")
  end
end

--- Runs a script once the editor has started: some of what it does is done differently before. Whenever the script waits, the
--- editor goes on.
function run_soon(script)
  local file = vim.env.NTH_SCRIPTS .. "/" .. script .. ".lua"
  local thread = coroutine.create(function()
    local script_itself, unreadable = loadfile(file)
    if script_itself then
      leave(xpcall(script_itself, debug.traceback))
    else
      leave(false, unreadable)
    end
  end)
  local function go_on()
    coroutine.resume(thread)
    if coroutine.status(thread) ~= "dead" then
      vim.defer_fn(go_on, STEP)
    end
  end
  vim.defer_fn(go_on, 0)
end
