-- What the pages need of pandoc beyond Markdown, for Quarto and the built-in renderer alike:
-- SVG figures go into the page, so that they take its fonts and its light or dark ink, with
-- identifiers of their own;
-- without Quarto, links to documents become links to pages, and callouts become boxes.

local html = FORMAT:match("html") ~= nil

local function attribute(text)
  return (text:gsub("&", "&amp;"):gsub('"', "&quot;"):gsub("<", "&lt;"))
end

local function read_svg(path, alt, class)
  local file = io.open(path, "r")
  if not file then return nil end
  local svg = file:read("a"):gsub("^.-<svg", "<svg", 1)
  file:close()
  local width = tonumber(svg:match('width="([%d.]+)pt"'))
  local opening = string.format(
    '<svg role="img" class="%s" aria-label="%s" style="--natural:%.0fpx"',
    class, attribute(alt), width * 1.55)
  local own = (PANDOC_WRITER_OPTIONS.identifier_prefix or "") .. path:match("([^/]+)%.svg$") .. "-"
  svg = svg:gsub(' id="', ' id="' .. own):gsub("url%(#", "url(#" .. own):gsub('href="#', 'href="#' .. own)
  svg = svg:gsub("^<svg", function() return opening end, 1):gsub(' height="[%d.]+pt"', "", 1):gsub(' width="[%d.]+pt"', "", 1)
  return svg
end

-- A figure that has a narrow form beside it brings both; the style sheet shows one.
local function inline_svg(image)
  if not html or not image.src:match("%.svg$") then return nil end
  local alt = image.attributes["fig-alt"] or pandoc.utils.stringify(image.caption)
  local narrow = read_svg(image.src:gsub("%.svg$", "-narrow.svg"), alt, "narrow")
  local svg = assert(read_svg(image.src, alt, narrow and "wide" or "drawn"), image.src)
  return pandoc.RawInline("html", svg .. (narrow or ""))
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
