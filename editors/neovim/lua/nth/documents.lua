-- Documents that are no files: the modules of the standard library, and what a service becomes. The server makes their texts.

local M = {}

-- A client that can be asked.
local function client()
  return require("nth.client").running()[1]
end

local function show(buffer, lines, language)
  vim.bo[buffer].modifiable = true
  vim.bo[buffer].readonly = false
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].buftype = "nofile"
  vim.bo[buffer].swapfile = false
  vim.bo[buffer].modified = false
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].readonly = true
  if language and language ~= "" and vim.bo[buffer].filetype ~= language then
    vim.bo[buffer].filetype = language
  end
end

local function show_answer(buffer, failure, answer)
  if type(answer) == "table" and type(answer.text) == "string" then
    local text = answer.text:gsub("\r\n", "\n"):gsub("\n$", "")
    show(buffer, vim.split(text, "\n", { plain = true }), answer.languageId)
  else
    local why = type(failure) == "table" and failure.message or failure
    show(buffer, { "There is no such document" .. (why and (": " .. tostring(why)) or ".") }, nil)
  end
end

--- Fills a buffer whose name is such an address. It waits for the text: whoever jumps into it goes to a line of it at once.
function M.read(buffer)
  local address = vim.api.nvim_buf_get_name(buffer)
  local asked = client()
  if not asked then
    show(buffer, { "The language server, which makes this text, does not run." }, nil)
    return
  end
  local result, failure = require("nth.client").call(asked, "request_sync", "nth/virtualDocument", { uri = address }, 5000, buffer)
  if result then
    show_answer(buffer, result.err, result.result)
  else
    show_answer(buffer, failure, nil)
  end
  if vim.startswith(address, "nth-std://") then
    -- One can go on from there.
    vim.lsp.buf_attach_client(buffer, asked.id)
  end
end

-- Asks anew for the open documents whose addresses begin like one of these.
local function refresh(beginnings)
  local asked = client()
  if not asked then
    return
  end
  local function is_stale(address)
    for _, beginning in ipairs(beginnings) do
      if vim.startswith(address, beginning) then
        return true
      end
    end
    return false
  end
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local address = vim.api.nvim_buf_get_name(buffer)
    local is_shown = vim.api.nvim_buf_is_loaded(buffer) and vim.startswith(address, "nth-generated://")
    if is_shown and is_stale(address) then
      local function got(failure, answer)
        if vim.api.nvim_buf_is_valid(buffer) then
          show_answer(buffer, failure, answer)
        end
      end
      require("nth.client").call(asked, "request", "nth/virtualDocument", { uri = address }, got, buffer)
    end
  end
end

-- The beginnings of the addresses that are to be asked for anew, and which change was the last.
local stale = {}
local changes = 0

--- Asks anew for the open documents whose addresses begin like this, once nothing more changes. What the standard library says
--- does not change.
function M.refresh_soon(beginning)
  stale[beginning] = true
  changes = changes + 1
  local change = changes
  vim.defer_fn(function()
    if change == changes then
      local beginnings = vim.tbl_keys(stale)
      stale = {}
      refresh(beginnings)
    end
  end, 300)
end

--- Shows a document beside what is edited.
function M.open(address)
  local buffer = vim.uri_to_bufnr(address)
  local window = vim.fn.bufwinid(buffer)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
    return
  end
  vim.cmd("vsplit")
  vim.api.nvim_win_set_buf(0, buffer)
end

return M
