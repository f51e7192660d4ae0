/*
 * What this browser lacks, in words on the page. Runs in browsers that cannot run the page itself, so it is written in the JavaScript of 2009
 * and needs nothing.
 */
(function () {
  'use strict';
  // (func (result v128) i8x16.splat(0)): valid where there is SIMD.
  var SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  var lacks = [];
  var page = document.documentElement;

  function check(has, what) {
    var there = false;
    try {
      there = has();
    } catch (_) {}
    if (!there) lacks.push(what);
  }
  check(function () { return 'noModule' in document.createElement('script'); }, 'JavaScript modules');
  check(function () { return typeof Worker === 'function'; }, 'workers');
  check(function () { return typeof WebAssembly === 'object'; }, 'WebAssembly');
  check(function () { return WebAssembly.validate(new Uint8Array(SIMD)); }, 'WebAssembly SIMD');
  check(function () { return typeof HTMLDialogElement === 'function' && 'showModal' in HTMLDialogElement.prototype; }, 'dialogs');
  check(function () { return CSS.supports('color', 'light-dark(red, red)'); }, 'colours by theme (light-dark)');

  function say(what, cause) {
    if (document.getElementById('lacks')) return;
    var box = document.createElement('div');
    box.id = 'lacks';
    box.className = 'lacks';
    box.setAttribute('role', 'alert');
    var said = document.createElement('b');
    said.appendChild(document.createTextNode(what));
    box.appendChild(said);
    box.appendChild(document.createTextNode(' ' + cause + ' Chrome or Edge 123, Firefox 120 and Safari 17.5, or newer, run this page.'));
    document.body.insertBefore(box, document.body.firstChild);
  }

  function lacking() {
    var last = lacks.pop();
    say('This browser cannot run all of Lorascope.', 'It has no ' + (lacks.length ? lacks.join(', ') + ' and ' + last : last) + '.');
  }

  function ready(then) {
    if (document.body) then();
    else document.addEventListener('DOMContentLoaded', then);
  }

  if (lacks.length) ready(lacking);

  // A script that does not load, or whose words this browser does not know, leaves the page empty.
  window.addEventListener('error', function (event) {
    var place = document.getElementById('app');
    var script = event.target && event.target.tagName === 'SCRIPT';
    if (!script && event.target !== window) return;
    if (place && place.firstChild) return;
    page.setAttribute('data-broken', '');
    ready(function () {
      say('Lorascope did not start.', (script ? 'Its script did not load: load the page again.' : 'An error stopped it: ' + event.message + '.') + ' If it stays, this browser may be too old.');
    });
  }, true);
})();
