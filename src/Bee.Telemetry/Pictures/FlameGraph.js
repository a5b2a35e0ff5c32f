
(function () {
  'use strict';
  var svgSpace = 'http://www.w3.org/2000/svg', pageSpace = 'http://www.w3.org/1999/xhtml';
  var svg = document.currentScript ? document.currentScript.closest('.bee-flames') : document.documentElement;
  var canvas = svg.querySelector('.frames');
  var inverted = svg.dataset.inverted === 'true', row = Number(svg.dataset.row);
  var rows = Math.round(Number(canvas.getAttribute('height')) / row);
  // Positions are percentages with four decimals, so neighbors may differ by this much.
  var slack = 0.0003;

  function make(space, name, parent, attributes) {
    var element = document.createElementNS(space, name);
    for (var key in attributes || {}) element.setAttribute(key, attributes[key]);
    parent.appendChild(element);
    return element;
  }

  // The frames in the order of the file: each after its parent.
  var frames = [], above = [];
  Array.from(canvas.children).forEach(function (element) {
    var title = element.querySelector('title'), text = title.textContent, end = text.indexOf('\n');
    var y = Math.round(Number(element.getAttribute('y')) / row), depth = inverted ? y : rows - 1 - y;
    above.length = depth;
    var frame = {
      element: element, index: frames.length, depth: depth, parent: depth ? above[depth - 1] : null,
      x: parseFloat(element.getAttribute('x')), width: parseFloat(element.getAttribute('width')),
      name: text.slice(0, end), amount: text.slice(end + 1), label: element.querySelector('text'), last: frames.length
    };
    frames.push(frame);
    above[depth] = frame;
    // The script shows a tooltip of its own, without delay.
    element.removeChild(title);
    element.setAttribute('tabindex', frame.depth ? '-1' : '0');
    element.setAttribute('role', 'button');
    element.setAttribute('aria-label', text.replace('\n', ': '));
    element.beeFrame = frame;
  });
  for (var i = frames.length - 1; i > 0; i--) frames[i].parent.last = Math.max(frames[i].parent.last, frames[i].last);
  var zoomed = frames[0], focused = frames[0];

  var probe = make(svgSpace, 'text', svg, { visibility: 'hidden' });
  probe.textContent = 'MMMMMMMMMMMMMMMMMMMM';
  var letter = probe.getComputedTextLength() / 20 || 7.3;
  svg.removeChild(probe);

  function shorten(text, letters) {
    return text.length <= letters ? text : text.slice(0, letters - 1).replace(/[\ud800-\udbff]$/, '') + '…';
  }

  // Arranges the frames for the zoomed one, and shows as much of each name as fits.
  function draw() {
    var whole = canvas.getBoundingClientRect().width, outer = new Set();
    for (var frame = zoomed.parent; frame; frame = frame.parent) outer.add(frame);
    frames.forEach(function (frame) {
      var inside = frame.index >= zoomed.index && frame.index <= zoomed.last, under = outer.has(frame), element = frame.element;
      if (!inside && !under) {
        element.style.display = 'none';
        return;
      }
      var x = under ? 0 : (frame.x - zoomed.x) / zoomed.width * 100, width = under ? 100 : frame.width / zoomed.width * 100;
      element.style.display = '';
      element.setAttribute('x', x + '%');
      element.setAttribute('width', width + '%');
      element.classList.toggle('under', under);
      var letters = Math.floor((whole * width / 100 - 6) / letter);
      if (letters >= 3) {
        frame.label = frame.label || make(svgSpace, 'text', element, { x: 3, y: 13 });
        frame.label.textContent = shorten(frame.name, letters);
      } else if (frame.label) {
        frame.label.textContent = '';
      }
    });
    reset.disabled = zoomed === frames[0];
    count();
  }

  function zoom(frame) {
    zoomed = frame;
    hide();
    draw();
    focus(frame);
  }

  function focus(frame) {
    focused.element.setAttribute('tabindex', '-1');
    focused = frame;
    frame.element.setAttribute('tabindex', '0');
    frame.element.focus({ preventScroll: true });
    // A frame without height scrolls no further than needed.
    var box = frame.element.getBoundingClientRect(), least = bar.getBoundingClientRect().height;
    if (box.top < least || box.bottom > window.innerHeight) window.scrollBy(0, box.top - window.innerHeight / 2);
  }

  // The bar: the number of matches, the search field, the reset button.
  var holder = make(svgSpace, 'foreignObject', svg, { x: 0, y: 0, width: '100%', height: 40 });
  var bar = make(pageSpace, 'div', holder, { 'class': 'bar' });
  var found = make(pageSpace, 'output', bar, { 'class': 'found', 'aria-live': 'polite' });
  var search = make(pageSpace, 'input', bar, { type: 'search', placeholder: 'Search: text or /regex/', 'aria-label': 'Search', spellcheck: 'false' });
  var reset = make(pageSpace, 'button', bar, { type: 'button', title: 'Escape' });
  reset.textContent = 'Reset zoom';

  var isHit = null;
  function look() {
    var text = search.value.trim(), pattern = /^\/(.+)\/$/.exec(text);
    isHit = null;
    if (pattern) {
      try {
        var expression = new RegExp(pattern[1], 'i');
        isHit = function (name) { return expression.test(name); };
      } catch (fault) {
        found.textContent = 'not a regular expression';
      }
    } else if (text) {
      var wanted = text.toLowerCase();
      isHit = function (name) { return name.toLowerCase().indexOf(wanted) >= 0; };
    }
    frames.forEach(function (frame) {
      frame.hit = Boolean(isHit) && frame.index > 0 && isHit(frame.name);
      frame.element.classList.toggle('hit', frame.hit);
    });
    svg.classList.toggle('searching', Boolean(isHit));
    if (isHit || !text) count();
  }

  // Frames within a matching frame are not counted again.
  function count() {
    if (!isHit) {
      if (!search.value.trim()) found.textContent = '';
      return;
    }
    var hits = 0, part = 0, covered = -1;
    for (var i = zoomed.index; i <= zoomed.last; i++) {
      if (!frames[i].hit) continue;
      hits++;
      if (i > covered) {
        part += frames[i].width;
        covered = frames[i].last;
      }
    }
    found.textContent = hits + (hits === 1 ? ' frame, ' : ' frames, ') + Math.min(100, part / zoomed.width * 100).toFixed(2) + ' %';
  }

  // The tooltip next to the pointer.
  var tip = make(svgSpace, 'g', svg, { 'class': 'tip', visibility: 'hidden' }), shown = null;
  function hide() {
    tip.setAttribute('visibility', 'hidden');
    shown = null;
  }
  function show(frame, left, top) {
    var area = svg.getBoundingClientRect();
    if (shown !== frame) {
      shown = frame;
      tip.textContent = '';
      var box = make(svgSpace, 'rect', tip, { rx: 4 }), lines = [], room = Math.max(20, Math.floor((area.width - 40) / letter));
      for (var rest = frame.name; rest && lines.length < 6; rest = rest.slice(room)) lines.push(rest.slice(0, room));
      var part = zoomed === frames[0] || frame.depth < zoomed.depth ? '' : '; ' + (frame.width / zoomed.width * 100).toFixed(2) + ' % of what is shown';
      lines.push(frame.amount + part);
      lines.forEach(function (line, i) { make(svgSpace, 'text', tip, { x: 8, y: 18 + i * 17 }).textContent = line; });
      box.setAttribute('width', Math.max.apply(null, lines.map(function (line) { return line.length; })) * letter + 16);
      box.setAttribute('height', lines.length * 17 + 9);
    }
    var size = tip.getBBox(), x = Math.min(left - area.left + 14, area.width - size.width - 4), y = top - area.top + 20;
    if (top + 20 + size.height > window.innerHeight || y + size.height > area.height) y = top - area.top - size.height - 10;
    tip.setAttribute('transform', 'translate(' + Math.max(2, x) + ',' + Math.max(2, y) + ')');
    tip.setAttribute('visibility', 'visible');
  }

  function frameOf(target) {
    var element = target.closest ? target.closest('.f') : null;
    return element && canvas.contains(element) ? element.beeFrame : null;
  }

  function step(key) {
    var at = focused.index, near = null;
    if (key === 'Down' && focused.parent) near = focused.parent;
    if (key === 'Up') near = frames.slice(at + 1, focused.last + 1).filter(function (one) { return one.depth === focused.depth + 1; }).sort(function (a, b) { return b.width - a.width; })[0];
    var list = frames.filter(function (one) { return one.depth === focused.depth && one.element.style.display !== 'none'; }), place = list.indexOf(focused);
    if (key === 'Left') near = list[place - 1];
    if (key === 'Right') near = list[place + 1];
    if (near) {
      focus(near);
      var box = near.element.getBoundingClientRect();
      shown = null;
      show(near, box.left, box.bottom - 12);
    }
  }

  canvas.addEventListener('click', function (event) {
    var frame = frameOf(event.target);
    if (frame) zoom(frame);
  });
  canvas.addEventListener('pointermove', function (event) {
    var frame = frameOf(event.target);
    if (frame) show(frame, event.clientX, event.clientY); else hide();
  });
  canvas.addEventListener('pointerleave', hide);
  search.addEventListener('input', look);
  reset.addEventListener('click', function () { zoom(frames[0]); });
  document.addEventListener('keydown', function (event) {
    if (event.target === search) {
      if (event.key === 'Escape') {
        search.value = '';
        look();
        focused.element.focus({ preventScroll: true });
      }
      return;
    }
    if (event.key === '/' || (event.key === 'f' && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape') {
      zoom(frames[0]);
    } else if ((event.key === 'Enter' || event.key === ' ') && frameOf(event.target)) {
      event.preventDefault();
      zoom(frameOf(event.target));
    } else if (/^Arrow/.test(event.key) && !event.altKey && !event.ctrlKey && frameOf(event.target)) {
      event.preventDefault();
      var key = event.key.slice(5);
      step(inverted && key === 'Up' ? 'Down' : inverted && key === 'Down' ? 'Up' : key);
    }
  });

  // The bar stays visible; a tall picture starts at its root.
  function stick() {
    var y = Math.max(0, -svg.getBoundingClientRect().top);
    holder.setAttribute('y', y);
    bar.classList.toggle('stuck', y > 0);
  }
  window.addEventListener('scroll', stick, { passive: true });
  window.addEventListener('resize', function () { hide(); draw(); });
  draw();
  if (svg === document.documentElement && !inverted) window.scrollTo(0, svg.getBoundingClientRect().height);
  stick();
})();
