-- What Quarto does by itself: figures and tables with a name are numbered, and text that refers to
-- one by @fig-name or @tbl-name is a link with its number.

local words = { fig = "Figure", tbl = "Table" }
local counts, numbers = { fig = 0, tbl = 0 }, {}

local function number(identifier)
  local kind = identifier:match("^(%a+)%-")
  if not kind or not words[kind] then return nil end
  counts[kind] = counts[kind] + 1
  numbers[identifier] = words[kind] .. "\u{a0}" .. counts[kind]
  return { pandoc.Str(numbers[identifier] .. ":"), pandoc.Space() }
end

local function figure(element)
  local said = number(element.identifier)
  if not said then return nil end
  local first = element.caption.long[1]
  if first then
    for place, word in ipairs(said) do first.content:insert(place, word) end
  end
  return element
end

-- A division whose name starts with tbl- holds a table and, last, its caption.
local function numbered_table(div)
  local said = div.identifier:match("^tbl%-") and number(div.identifier)
  if not said then return nil end
  local caption = div.content[#div.content]
  for place, word in ipairs(said) do caption.content:insert(place, word) end
  div.content[#div.content] = pandoc.Div({ caption }, { class = "table-caption" })
  return div
end

local function reference(cite)
  local identifier = cite.citations[1].id
  if not identifier:match("^fig%-") and not identifier:match("^tbl%-") then return nil end
  local said = assert(numbers[identifier], "there is no figure or table named " .. identifier)
  return pandoc.Link({ pandoc.Str(said) }, "#" .. identifier)
end

return { { Figure = figure, Div = numbered_table }, { Cite = reference } }
