-- Starting the server, on every Neovim since 0.7: each way to start one is newer than the one below it.

local config = require("nth.config")
local documents = require("nth.documents")

local M = {}

M.NAME = "nth_lsp"

--- The folder of the project that a file belongs to: the nearest one above it that has a manifest.
function M.root(file)
  local folder = vim.fn.fnamemodify(file, ":p:h")
  while true do
    if vim.fn.filereadable(folder .. "/nth.toml") == 1 then
      return folder
    end
    local above = vim.fn.fnamemodify(folder, ":h")
    if above == folder then
      return nil
    end
    folder = above
  end
end

--- The clients that run, of any project.
function M.running()
  local all = (vim.lsp.get_clients or vim.lsp.get_active_clients)()
  return vim.tbl_filter(function(client)
    return client.name == M.NAME
  end, all)
end

--- True if a buffer holds the manifest of a project.
function M.is_manifest(buffer)
  return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ":t") == "nth.toml"
end

-- True if a buffer holds a file that the server knows, not the text of a plugin.
local function is_file(buffer)
  return vim.api.nvim_buf_is_loaded(buffer)
    and vim.bo[buffer].buftype == ""
    and (vim.bo[buffer].filetype == "nth" or M.is_manifest(buffer))
end

-- Calls a method of a client; up to 0.10 these were functions that knew their client.
function M.call(client, method, ...)
  if vim.fn.has("nvim-0.11") == 1 then
    return client[method](client, ...)
  end
  return client[method](...)
end

-- Asks for the code lenses of a buffer now, and whenever they may have changed.
local function show_code_lenses(client, buffer)
  if not config.get().code_lens or not client.server_capabilities.codeLensProvider or M.is_manifest(buffer) then
    return
  end
  if vim.lsp.codelens.enable then
    vim.lsp.codelens.enable(true, { bufnr = buffer })
    return
  end
  local function refresh()
    vim.lsp.codelens.refresh({ bufnr = buffer })
  end
  vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave", "BufWritePost" }, {
    group = vim.api.nvim_create_augroup("nth_code_lens_" .. buffer, {}),
    buffer = buffer,
    callback = refresh,
  })
  -- Up to 0.9 it asks for those of the current buffer, whichever is named.
  if buffer == vim.api.nvim_get_current_buf() then
    refresh()
  end
end

-- The projects that a client was told of, by the client's number.
local told = {}

-- Tells a running server of one more project.
local function add_root(client, root)
  local workspace = client.server_capabilities.workspace
  local folders = workspace and workspace.workspaceFolders
  told[client.id] = told[client.id] or { [client.config.root_dir or ""] = true }
  if not root or told[client.id][root] or not (folders and folders.supported) then
    return
  end
  told[client.id][root] = true
  local folder = { uri = vim.uri_from_fname(root), name = root }
  local event = { added = { folder }, removed = {} }
  M.call(client, "notify", "workspace/didChangeWorkspaceFolders", { event = event })
end

local function attached(client, buffer)
  -- Later versions set these by themselves.
  if vim.fn.has("nvim-0.8") == 0 then
    vim.bo[buffer].omnifunc = "v:lua.vim.lsp.omnifunc"
    vim.bo[buffer].tagfunc = "v:lua.vim.lsp.tagfunc"
  end
  add_root(client, M.root(vim.api.nvim_buf_get_name(buffer)))
  show_code_lenses(client, buffer)
  if config.get().on_attach then
    config.get().on_attach(client, buffer)
  end
end

--- The configuration of the client for a project, in the form that all versions know.
function M.settings(root)
  local options = config.get()
  return {
    name = M.NAME,
    cmd = (config.command()),
    root_dir = root,
    capabilities = options.capabilities or vim.lsp.protocol.make_client_capabilities(),
    -- It is told of mistakes: if it asked for them, as Neovim does since 0.10, it would ask for those of the buffer that was
    -- changed alone, and not learn that another one is wrong now.
    before_init = function(params)
      params.capabilities.textDocument.diagnostic = nil
    end,
    init_options = {
      virtualDocuments = true,
      diagnosticPages = options.diagnostic_pages,
      inlayHints = options.inlay_hints,
    },
    handlers = {
      ["nth/virtualDocumentChanged"] = function(_, changed)
        documents.refresh_soon(changed.uri)
      end,
    },
    on_attach = attached,
  }
end

local warned = false

--- Whether the server can be started. Where it is not there, that is said, once.
function M.is_there()
  local command, is_there = config.command()
  if not is_there and not warned then
    warned = true
    local text = ("nth: there is no `%s` on the PATH; see :checkhealth nth"):format(command[1])
    vim.notify(text, vim.log.levels.WARN)
  end
  return is_there
end

-- The client that was started last. Before it is initialized it is not among those that run.
local started = nil

--- Starts the server for a buffer, or attaches the one that runs: one server knows all projects, so that what is not saved in
--- one counts in the others that use it. Gives the client's number.
function M.start(buffer)
  buffer = buffer or vim.api.nvim_get_current_buf()
  if not is_file(buffer) then
    return nil
  end
  local known = started and vim.lsp.get_client_by_id(started)
  if known and not M.call(known, "is_stopped") then
    vim.lsp.buf_attach_client(buffer, started)
    return started
  end
  if not M.is_there() then
    return nil
  end
  local settings = M.settings(M.root(vim.api.nvim_buf_get_name(buffer)))
  if vim.lsp.start then
    started = vim.lsp.start(settings, { bufnr = buffer })
  else
    -- Neovim 0.7.
    started = vim.lsp.start_client(settings)
    if started then
      vim.lsp.buf_attach_client(buffer, started)
    end
  end
  return started
end

--- Starts the server for every buffer that is open.
function M.start_all()
  if vim.lsp.enable then
    vim.lsp.enable(M.NAME)
    return
  end
  for _, buffer in ipairs(vim.tbl_filter(is_file, vim.api.nvim_list_bufs())) do
    M.start(buffer)
  end
end

--- Stops the server, and calls `afterwards` when it has ended.
function M.stop(afterwards)
  for _, client in ipairs(M.running()) do
    M.call(client, "stop")
  end
  local tries = 0
  local function wait()
    tries = tries + 1
    if #M.running() > 0 and tries < 100 then
      if tries == 30 then
        -- It does not answer.
        for _, client in ipairs(M.running()) do
          M.call(client, "stop", true)
        end
      end
      vim.defer_fn(wait, 50)
    elseif afterwards then
      afterwards()
    end
  end
  wait()
end

--- Stops the server and starts it again.
function M.restart()
  warned = false
  M.stop(function()
    M.start_all()
    documents.refresh_soon("")
  end)
end

return M
