-- What the PDF needs of pandoc: callouts as boxes, links between pages as plain text, no downloads.

local function typst(text)
  return pandoc.RawBlock("typst", text)
end

local function callout(div)
  local kind = div.classes[1] and div.classes[1]:match("^callout%-(%a+)$")
  if not kind then return nil end
  local content, title = div.content, {}
  if content[1] and content[1].t == "Header" then title = content:remove(1).content end
  local said = pandoc.write(pandoc.Pandoc({ pandoc.Plain(title) }), "typst"):gsub("%s+$", "")
  local opening = string.format("#callout(kind: \"%s\", title: [%s])[", kind, said)
  return pandoc.List({ typst(opening) }) .. content .. pandoc.List({ typst("]") })
end

local function plain_link(link)
  if link.target:match("^https?:") then return nil end
  return link.content
end

-- Paths of values may break after their dots, so that they stay in their column.
local function span(span)
  if span.classes:includes("downloads") or span.classes:includes("again") then return {} end
  if span.classes:includes("break") then return pandoc.LineBreak() end
  if span.classes:includes("code") then
    local text = pandoc.utils.stringify(span.content):gsub("[%.%[_-]", "%0\u{200B}")
    return pandoc.Span({ pandoc.Str(text) })
  end
  return pandoc.Span(span.content)
end

local function no_identifier(element)
  element.identifier = ""
  return element
end

local PAGE = 475 -- points of a figure that fills the page

local function figure_width(image)
  local file = assert(io.open(image.src, "r"))
  local width = tonumber(file:read("a"):match('width="([%d.]+)pt"'))
  file:close()
  image.identifier = ""
  image.attributes.width = string.format("%.0f%%", math.min(100, 100 * width / PAGE))
  return image
end

return {
  { Div = callout, Link = plain_link, Span = span, Header = no_identifier,
    Figure = no_identifier, Image = figure_width },
}
