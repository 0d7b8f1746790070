-- What the pages need of pandoc beyond Markdown, for Quarto and the built-in renderer alike:
-- SVG figures go into the page, so that they take its fonts and its light or dark ink, with
-- identifiers of their own;
-- without Quarto, links to documents become links to pages, and callouts become boxes.

local html = FORMAT:match("html") ~= nil

local function attribute(text)
  return (text:gsub("&", "&amp;"):gsub('"', "&quot;"):gsub("<", "&lt;"))
end

local function inline_svg(image)
  if not html or not image.src:match("%.svg$") then return nil end
  local file = assert(io.open(image.src, "r"))
  local svg = file:read("a"):gsub("^.-<svg", "<svg", 1)
  file:close()
  local alt = image.attributes["fig-alt"] or pandoc.utils.stringify(image.caption)
  local width = tonumber(svg:match('width="([%d.]+)pt"'))
  local opening = string.format(
    '<svg role="img" aria-label="%s" style="--natural:%.0fpx"', attribute(alt), width * 1.55)
  local own = (PANDOC_WRITER_OPTIONS.identifier_prefix or "") .. image.src:match("([^/]+)%.svg$") .. "-"
  svg = svg:gsub(' id="', ' id="' .. own):gsub("url%(#", "url(#" .. own):gsub('href="#', 'href="#' .. own)
  svg = svg:gsub("^<svg", opening, 1):gsub(' height="[%d.]+pt"', "", 1):gsub(' width="[%d.]+pt"', "", 1)
  return pandoc.RawInline("html", svg)
end

local function link_to_page(link)
  if quarto then return nil end
  link.target = link.target:gsub("^([%w-]+)%.qmd", "%1.html")
  return link
end

-- As in Quarto, the first heading of a callout is its title.
local function callout(div)
  if quarto or not html then return nil end
  local kind = div.classes[1] and div.classes[1]:match("^callout%-(%a+)$")
  if not kind then return nil end
  local content, title = div.content, {}
  if content[1] and content[1].t == "Header" then title = content:remove(1).content end
  if div.attributes.collapse == "true" then
    local head = pandoc.List({ pandoc.RawInline("html", "<summary>") })
    head:extend(title)
    head:insert(pandoc.RawInline("html", "</summary>"))
    return pandoc.List({ pandoc.RawBlock("html", '<details class="folded">'), pandoc.Plain(head) })
      .. content .. pandoc.List({ pandoc.RawBlock("html", "</details>") })
  end
  local head = pandoc.Div({ pandoc.Para({ pandoc.Strong(title) }) }, { class = "callout-title" })
  content:insert(1, head)
  return pandoc.Div(content, { class = "callout callout-" .. kind, role = "note" })
end

local function line_break(span)
  if span.classes:includes("break") then return pandoc.LineBreak() end
end

return { { Span = line_break, Image = inline_svg, Link = link_to_page, Div = callout } }
