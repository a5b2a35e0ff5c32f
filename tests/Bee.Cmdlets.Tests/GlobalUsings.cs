global using Bee.Tests;
global using Xunit;
