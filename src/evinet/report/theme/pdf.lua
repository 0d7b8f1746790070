-- What the PDF needs of pandoc: callouts as boxes, links between pages as plain text, no downloads.

local function typst(text)
  return pandoc.RawBlock("typst", text)
end

local function callout(div)
  local kind = div.classes[1] and div.classes[1]:match("^callout%-(%a+)$")
  if not kind then return nil end
  local title = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ pandoc.Str(div.attributes.title or "") }) }), "typst")
  local opening = string.format("#callout(kind: \"%s\", title: [%s])[", kind, title:gsub("%s+$", ""))
  return pandoc.List({ typst(opening) }) .. div.content .. pandoc.List({ typst("]") })
end

local function plain_link(link)
  if link.target:match("^https?:") then return nil end
  return link.content
end

local function no_downloads(span)
  if span.classes:includes("downloads") then return {} end
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
  { Div = callout, Link = plain_link, Span = no_downloads, Header = no_identifier,
    Figure = no_identifier, Image = figure_width },
}
