-- A heading is left out, in every format, where nothing stands under it: the cell below had nothing
-- to show, or what it showed opens on demand and is not in the paper.

local function empty(block)
  if block.t ~= "Div" then return false end
  for _, inner in ipairs(block.content) do
    if not empty(inner) then return false end
  end
  return true
end

local function without_empty_sections(blocks)
  local kept, below = pandoc.List(), math.huge -- the level of a heading that nothing follows yet
  for place = #blocks, 1, -1 do
    local block = blocks[place]
    local heading = block.t == "Header"
    if heading and (place == #blocks or #kept == 0 or below <= block.level) then
      -- dropped: the end, or a heading of its level or above, comes next
    elseif not empty(block) then
      kept:insert(1, block)
      below = heading and block.level or math.huge
    end
  end
  return kept
end

return { { Pandoc = function(document)
  document.blocks = without_empty_sections(document.blocks)
  return document
end } }
