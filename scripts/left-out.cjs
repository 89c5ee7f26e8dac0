// Stands for native parts that a package can do without: it is told that they are not there.
throw new Error('left out of the bundle');
