# refused at 2:7: tags (!name) are not taken
node: !!str a
